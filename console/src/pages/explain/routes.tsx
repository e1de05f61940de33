import { Route, Routes } from 'react-router-dom';
import { NotFound } from '../../components/not_found';
import { ExplainPage } from './explain_page';

export default function ExplainRoutes() {
  return (
    <Routes>
      <Route index element={<ExplainPage />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}
