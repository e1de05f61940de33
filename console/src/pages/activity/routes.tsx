import { Route, Routes } from 'react-router-dom';
import { NotFound } from '../../components/not_found';
import { ActivityPage } from './activity_page';

export default function ActivityRoutes() {
  return (
    <Routes>
      <Route index element={<ActivityPage />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}
